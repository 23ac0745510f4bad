/**
 * The recovery manager of a host: has it looked at by the monitors, asks the ladder, keeps the
 * history before it acts, does what was decided, and tells the story in an incident.
 */
@NullMarked
package io.tardigrade.recoverymanager;

import org.jspecify.annotations.NullMarked;
