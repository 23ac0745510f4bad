/**
 * Plays a cluster on simulated time: the production members of views, and around them links, hosts,
 * a coordinator and clients that fail in every way they can, chosen by a seed. What must hold is
 * checked after every step.
 */
@NullMarked
package io.tardigrade.simulation;

import org.jspecify.annotations.NullMarked;
