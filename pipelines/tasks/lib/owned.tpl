{{- /* One line for each ReplicaSet or ControllerRevision: the uid of its owner, its revision, its own uid, its name, and
 the label of its pods. */ -}}
{{- range .items}}
{{- $label := "-"}}{{with .metadata.labels}}{{with index . "pod-template-hash"}}{{$label = .}}{{end}}{{with index . "controller-revision-hash"}}{{$label = .}}{{end}}{{end}}
{{- $revision := 0}}{{with .revision}}{{$revision = .}}{{end}}{{with .metadata.annotations}}{{with index . "deployment.kubernetes.io/revision"}}{{$revision = .}}{{end}}{{end}}
{{- $owner := "-"}}{{range .metadata.ownerReferences}}{{if .controller}}{{$owner = .uid}}{{end}}{{end}}
{{- $owner}}{{"\t"}}{{$revision}}{{"\t"}}{{.metadata.uid}}{{"\t"}}{{.metadata.name}}{{"\t"}}{{$label}}
{{end -}}
