/** Collects what a reset of the host would destroy into one archive with an index. */
@NullMarked
package io.tardigrade.diagnosis;

import org.jspecify.annotations.NullMarked;
