{{- /* One line for each Deployment, StatefulSet, DaemonSet and CronJob, of a list or alone. Its columns, with tabs between:
 1 kind  2 namespace  3 name  4 uid  5 generation  6 the generation that its controller has seen
 7 pods wanted  8 updated  9 ready  10 available  11 all of them (CronJob: Jobs that run)
 12 update strategy  13 partition  14 paused, suspended or -
 15 the revision that is being rolled out  16 the one before it (StatefulSet)  17 the Progressing condition: status:reason:time
 18... group:index:container:"image", where Go's quotes keep a hostile image on its line. */ -}}
{{- define "number"}}{{"\t"}}{{with .}}{{.}}{{else}}0{{end}}{{end -}}
{{- define "text"}}{{"\t"}}{{with .}}{{.}}{{else}}-{{end}}{{end -}}
{{- define "strategy"}}
{{- with .}}{{template "text" .type}}{{with .rollingUpdate}}{{template "number" .partition}}{{else}}{{"\t0"}}{{end}}
{{- else}}{{"\t-\t0"}}{{end}}
{{- end -}}
{{- define "images"}}
{{- range $i, $c := .initContainers}}{{"\t"}}initContainers:{{$i}}:{{$c.name}}:{{printf "%q" $c.image}}{{end}}
{{- range $i, $c := .containers}}{{"\t"}}containers:{{$i}}:{{$c.name}}:{{printf "%q" $c.image}}{{end}}
{{- end -}}

{{- define "replicated"}}
{{- template "number" .status.observedGeneration}}{{template "number" .spec.replicas}}
{{- template "number" .status.updatedReplicas}}{{template "number" .status.readyReplicas}}
{{- template "number" .status.availableReplicas}}{{template "number" .status.replicas}}
{{- end -}}
{{- define "Deployment"}}
{{- template "replicated" .}}{{template "strategy" .spec.strategy}}{{"\t"}}{{if .spec.paused}}paused{{else}}-{{end}}
{{- with .metadata.annotations}}{{template "text" (index . "deployment.kubernetes.io/revision")}}{{else}}{{"\t-"}}{{end}}{{"\t-\t"}}
{{- range .status.conditions}}{{if eq .type "Progressing"}}{{.status}}:{{.reason}}:{{.lastUpdateTime}}{{end}}{{end}}
{{- template "images" .spec.template.spec}}
{{- end -}}
{{- define "StatefulSet"}}
{{- template "replicated" .}}{{template "strategy" .spec.updateStrategy}}{{"\t-"}}
{{- template "text" .status.updateRevision}}{{template "text" .status.currentRevision}}{{"\t"}}
{{- template "images" .spec.template.spec}}
{{- end -}}
{{- define "DaemonSet"}}
{{- template "number" .status.observedGeneration}}{{template "number" .status.desiredNumberScheduled}}
{{- template "number" .status.updatedNumberScheduled}}{{template "number" .status.numberReady}}
{{- template "number" .status.numberAvailable}}{{template "number" .status.currentNumberScheduled}}
{{- template "strategy" .spec.updateStrategy}}{{"\t-\t-\t-\t"}}
{{- template "images" .spec.template.spec}}
{{- end -}}
{{- define "CronJob"}}
{{- "\t0\t0\t0\t0\t0\t"}}{{with .status.active}}{{len .}}{{else}}0{{end}}{{"\t-\t0\t"}}{{if .spec.suspend}}suspended{{else}}-{{end}}
{{- "\t-\t-\t"}}{{template "images" .spec.jobTemplate.spec.template.spec}}
{{- end -}}

{{- define "row"}}
{{- .kind}}{{"\t"}}{{.metadata.namespace}}{{"\t"}}{{.metadata.name}}{{"\t"}}{{.metadata.uid}}{{template "number" .metadata.generation}}
{{- if eq .kind "Deployment"}}{{template "Deployment" .}}
{{- else if eq .kind "StatefulSet"}}{{template "StatefulSet" .}}
{{- else if eq .kind "DaemonSet"}}{{template "DaemonSet" .}}
{{- else if eq .kind "CronJob"}}{{template "CronJob" .}}{{end}}
{{end -}}
{{- if eq .kind "List"}}{{range .items}}{{template "row" .}}{{end}}{{else}}{{template "row" .}}{{end -}}
