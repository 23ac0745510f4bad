/**
 * What can be asked of a host about its guests, done here or, over its API, by the host's agent:
 * the same questions and the same answers either way.
 */
@NullMarked
package io.tardigrade.control;

import org.jspecify.annotations.NullMarked;
