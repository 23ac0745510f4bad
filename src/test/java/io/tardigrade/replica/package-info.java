/** Tests of what a host holds of a guest that others hold too. */
@NullMarked
package io.tardigrade.replica;

import org.jspecify.annotations.NullMarked;
