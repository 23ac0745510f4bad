/**
 * Bindings to the Linux system calls that the JDK does not offer, through {@code
 * java.lang.foreign}. Nothing here decides anything; every native call carries a SAFETY comment.
 */
@NullMarked
package io.tardigrade.linux;

import org.jspecify.annotations.NullMarked;
