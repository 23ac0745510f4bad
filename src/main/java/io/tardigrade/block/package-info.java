/**
 * The guest's disks: volumes whose writes reach the base file only when their epoch commits, and
 * the NBD server through which the hypervisor uses them.
 */
@NullMarked
package io.tardigrade.block;

import org.jspecify.annotations.NullMarked;
