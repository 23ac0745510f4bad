/**
 * Failure stories of a simulated host, on simulated time, through the same monitors and the same
 * ladder that run on a real one. A story is a folder with its steps and the log that is expected.
 */
@NullMarked
package io.tardigrade.story;

import org.jspecify.annotations.NullMarked;
