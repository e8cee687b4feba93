{{- define "irsa-guard.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "irsa-guard.annotationPrefix" -}}
{{- .Values.config.annotationPrefix | default "eks.amazonaws.com" -}}
{{- end -}}

{{- define "irsa-guard.hasOwnCertificates" -}}
{{- if or .Values.certificates.existingSecret .Values.certificates.certManager.enabled }}true{{ end -}}
{{- end -}}

{{- define "irsa-guard.servingSecret" -}}
{{- .Values.certificates.existingSecret | default "irsa-guard-serving-cert" -}}
{{- end -}}

{{- define "irsa-guard.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if include "irsa-guard.hasOwnCertificates" . -}}
{{- $_ := set $config "tls" (set ($config.tls | default dict) "managed" false) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
