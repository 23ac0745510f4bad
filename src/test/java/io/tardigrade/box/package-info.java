/**
 * A host in a box: an emulated Linux host whose /dev/kvm works, in which tests run the product
 * where this machine's own kernel lacks KVM or soft-dirty page tracking.
 */
@NullMarked
package io.tardigrade.box;

import org.jspecify.annotations.NullMarked;
