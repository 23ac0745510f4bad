/** What a guest is: its specification and status, their JSON, and where its files lie. */
@NullMarked
package io.tardigrade.guest;

import org.jspecify.annotations.NullMarked;
