/**
 * A planned reset of the host's operating system beneath its guests: what it would do to each, and
 * the steps up to the jump into the next kernel.
 */
@NullMarked
package io.tardigrade.reset;

import org.jspecify.annotations.NullMarked;
