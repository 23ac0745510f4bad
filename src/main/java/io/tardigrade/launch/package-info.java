/** Makes guests out of what a user asks for, and takes them away again, wholly or not at all. */
@NullMarked
package io.tardigrade.launch;

import org.jspecify.annotations.NullMarked;
