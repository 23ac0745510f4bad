/** The lab of namespaces is what it claims to be. */
@NullMarked
package io.tardigrade.netlab;

import org.jspecify.annotations.NullMarked;
