/**
 * The benchmark: what protection costs a guest and how long recoveries take, measured from outside
 * on guests started as any user's.
 */
@NullMarked
package io.tardigrade.bench;

import org.jspecify.annotations.NullMarked;
