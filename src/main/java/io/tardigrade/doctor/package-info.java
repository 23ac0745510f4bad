/** Finds out what this host can do: checks for people, and the choice of accelerator and engine. */
@NullMarked
package io.tardigrade.doctor;

import org.jspecify.annotations.NullMarked;
