{{- /* One line for each event: its reason and message in Go's quotes, and how often it came. */ -}}
{{- range .items}}
{{- with .reason}}{{printf "%q" .}}{{else}}""{{end}}{{"\t"}}{{with .message}}{{printf "%q" .}}{{else}}""{{end}}{{"\t"}}{{with .count}}{{.}}{{else}}1{{end}}
{{end -}}
