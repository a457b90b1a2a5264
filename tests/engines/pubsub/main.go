package main

import (
	_ "cloud.google.com/go/pubsub/v2/pstest"
)

func main() {}
