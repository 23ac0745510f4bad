/** Processes of this program: starting them, finding the host's agent and asking it, their logs. */
@NullMarked
package io.tardigrade.process;

import org.jspecify.annotations.NullMarked;
