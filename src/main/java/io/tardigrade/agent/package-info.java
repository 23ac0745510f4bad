/**
 * The agent of a host: starts the guardians of the guests that are to run, watches them, and starts
 * the next one when one is lost. Never in the path of a guest's data; may itself be lost at any
 * time.
 */
@NullMarked
package io.tardigrade.agent;

import org.jspecify.annotations.NullMarked;
