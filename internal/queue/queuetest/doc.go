// Package queuetest has a queue in memory for tests of handlers. It delivers
// tasks in an order, with duplicates, delays and losses that follow from a seed
// alone, and treats what handlers return as the real queue does. One handler
// runs at a time, so a test that passes once with a seed always does.
package queuetest
