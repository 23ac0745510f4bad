/**
 * The decisions: when a checkpoint starts, what a failure leads to. Pure: time and observations are
 * handed in, no thread, clock, socket or file is touched.
 */
@NullMarked
package io.tardigrade.core;

import org.jspecify.annotations.NullMarked;
