// A Pub/Sub that speaks the real protocol, for tests: Google's own fake in a process of its own.
//
// Prints HOST:PORT, and ends when its standard input does: it never outlives the test that started it.
package main

import (
	"fmt"
	"io"
	"os"

	"cloud.google.com/go/pubsub/v2/pstest"
)

func main() {
	server := pstest.NewServer()
	fmt.Println(server.Addr)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		os.Exit(1)
	}
}
