/**
 * The host's recovery ladder: recycle services, diagnose, reset the operating system under frozen
 * guests, each tried in order. Pure: what is observed, what was done before and the time are handed
 * in, the decision and its reasons come out; whoever asks does it, and keeps the history.
 */
@NullMarked
package io.tardigrade.recovery;

import org.jspecify.annotations.NullMarked;
