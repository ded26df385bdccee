{{- /* A line for each pod: "pod", the uid of its owner, its revision's label, its name, phase, "ready", "deleted" or "-", and
 why it is not scheduled or was evicted. After it a line for each container that is not ready: "container", its name, its
 restarts, its state, exit code or "-", reason, message. Texts stand in Go's quotes. */ -}}
{{- define "quoted"}}{{"\t"}}{{with .}}{{printf "%q" .}}{{else}}""{{end}}{{end -}}
{{- define "container"}}
{{- "container\t"}}{{.name}}{{"\t"}}{{.restartCount}}
{{- with .state}}
{{- if .waiting}}{{"\twaiting\t-"}}{{template "quoted" .waiting.reason}}{{template "quoted" .waiting.message}}
{{- else if .terminated}}{{"\tterminated\t"}}{{.terminated.exitCode}}{{template "quoted" .terminated.reason}}{{template "quoted" .terminated.message}}
{{- else}}{{"\trunning\t-\t\"\"\t\"\""}}{{end}}
{{- else}}{{"\twaiting\t-\t\"\"\t\"\""}}{{end}}
{{end -}}
{{- range .items}}
{{- $label := "-"}}{{$owner := "-"}}{{$ready := "-"}}{{$why := ""}}
{{- with .metadata.labels}}
{{- with index . "pod-template-hash"}}{{$label = .}}{{end}}{{with index . "controller-revision-hash"}}{{$label = .}}{{end}}{{end}}
{{- range .metadata.ownerReferences}}{{if .controller}}{{$owner = .uid}}{{end}}{{end}}
{{- range .status.conditions}}
{{- if and (eq .type "Ready") (eq .status "True")}}{{$ready = "ready"}}{{end}}
{{- if and (eq .type "PodScheduled") (eq .status "False")}}{{with .message}}{{$why = .}}{{end}}{{end}}{{end}}
{{- with .status.message}}{{$why = .}}{{end}}
{{- if .metadata.deletionTimestamp}}{{$ready = "deleted"}}{{end}}
{{- "pod\t"}}{{$owner}}{{"\t"}}{{$label}}{{"\t"}}{{.metadata.name}}{{template "quoted" .status.phase}}{{"\t"}}{{$ready}}{{template "quoted" $why}}
{{range .status.initContainerStatuses}}{{if not .ready}}{{template "container" .}}{{end}}{{end}}
{{- range .status.containerStatuses}}{{if not .ready}}{{template "container" .}}{{end}}{{end}}
{{- end -}}
