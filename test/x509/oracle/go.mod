module irsa-guard.io/oracle

go 1.26
