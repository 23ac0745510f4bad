/**
 * Sees a host's failure before it strikes. Three kinds of classes: parsers of what the kernel tells
 * (text in, records out), detectors (samples in, signals out), and the few {@code …Source} classes
 * that read files. All but the sources are pure: time and observations are handed in.
 */
@NullMarked
package io.tardigrade.monitor;

import org.jspecify.annotations.NullMarked;
