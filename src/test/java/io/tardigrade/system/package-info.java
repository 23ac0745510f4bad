/** The product used as its users use it: real guests, and real processes killed beneath them. */
@NullMarked
package io.tardigrade.system;

import org.jspecify.annotations.NullMarked;
