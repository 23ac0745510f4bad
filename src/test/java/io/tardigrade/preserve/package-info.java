/** Tests of what outlives the host's operating system. */
@NullMarked
package io.tardigrade.preserve;

import org.jspecify.annotations.NullMarked;
