/** Tardigrade keeps a running virtual machine alive when the platform beneath it dies. */
@NullMarked
package io.tardigrade;

import org.jspecify.annotations.NullMarked;
