/** What happened: incidents with their evidence and timeline, and the log of events. */
@NullMarked
package io.tardigrade.incident;

import org.jspecify.annotations.NullMarked;
