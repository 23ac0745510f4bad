/**
 * Memory that outlives the host's operating system: where it is, what lies in it, what is sealed
 * before a reset and what is made of it afterwards.
 */
@NullMarked
package io.tardigrade.preserve;

import org.jspecify.annotations.NullMarked;
