{{- define "irsa-guard.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "irsa-guard.annotationPrefix" -}}
{{- .Values.config.annotationPrefix | default "eks.amazonaws.com" -}}
{{- end -}}
