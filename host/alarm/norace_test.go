//go:build !race

package alarm_test

const raceEnabled = false
