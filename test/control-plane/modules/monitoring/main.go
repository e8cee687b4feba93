// Command dashboard checks Grafana dashboards (files) against Grafana's own schema: unknown and missing fields are
// errors, and so are values that the schema does not allow.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	failed := false
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func check(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var found dashboard.Dashboard
	// It returns a typed nil, which is not a nil error, when it found nothing wrong.
	if err := found.UnmarshalJSONStrict(content); err != nil && err.Error() != "" {
		return err
	}

	return found.Validate()
}
