// Command oracle answers, one JSON line for each question on standard input, what Go's TLS client makes of a bundle and of a
// chain: the steps of client-go's transport (rootCertPool, createErrorParsingCAData) and of crypto/tls's verifyServerCertificate.
package main

import (
	"bufio"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

type question struct {
	// Bundle holds PEM bytes (base64 in JSON); Chain the DER of each certificate that the server sends.
	Bundle []byte    `json:"bundle"`
	Chain  [][]byte  `json:"chain"`
	Host   string    `json:"host"`
	At     time.Time `json:"at"`
}

type answer struct {
	// Certificates are the SHA-256 of each certificate read from the bundle, in order.
	Certificates []string `json:"certificates"`
	Error        string   `json:"error"`
}

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for scanner.Scan() {
		var q question
		if err := json.Unmarshal(scanner.Bytes(), &q); err != nil {
			panic(err)
		}
		a := answer{Certificates: read(q.Bundle)}
		if q.Chain != nil {
			if err := verify(q); err != nil {
				a.Error = err.Error()
			}
		}
		if err := encoder.Encode(a); err != nil {
			panic(err)
		}
	}
	if err := scanner.Err(); err != nil {
		panic(err)
	}
}

// read does what AppendCertsFromPEM does, but keeps what it read.
func read(bundle []byte) []string {
	sums := []string{}
	pool := x509.NewCertPool()
	for rest := bundle; len(rest) > 0; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		pool.AddCert(cert)
		sum := sha256.Sum256(cert.Raw)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	other := x509.NewCertPool()
	other.AppendCertsFromPEM(bundle)
	if !pool.Equal(other) {
		panic("the loop above no longer does what AppendCertsFromPEM does")
	}
	return sums
}

func verify(q question) error {
	roots := x509.NewCertPool()
	if len(q.Bundle) > 0 && !roots.AppendCertsFromPEM(q.Bundle) {
		return fmt.Errorf("unable to load root certificates: %w", unusable(q.Bundle))
	}
	if len(q.Chain) == 0 {
		return errors.New("tls: received empty certificates message")
	}
	intermediates := x509.NewCertPool()
	var leaf *x509.Certificate
	for i, der := range q.Chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("tls: failed to parse certificate from server: %w", err)
		}
		if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > 8192 {
			return errors.New("tls: server sent certificate containing RSA key larger than 8192 bits")
		}
		if i == 0 {
			leaf = cert
		} else {
			intermediates.AddCert(cert)
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: q.Host, CurrentTime: q.At})
	if err != nil {
		return fmt.Errorf("tls: failed to verify certificate: %w", err)
	}
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return nil
	case *dsa.PublicKey, nil:
		return fmt.Errorf("tls: server's certificate contains an unsupported type of public key: %T", key)
	default:
		return fmt.Errorf("unexpected type of public key: %T", key)
	}
}

func unusable(bundle []byte) error {
	for len(bundle) > 0 {
		var block *pem.Block
		block, bundle = pem.Decode(bundle)
		if block == nil {
			return errors.New("unable to parse bytes as PEM block")
		}
		if block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("failed to parse certificate: %w", err)
		}
	}
	return errors.New("no valid certificate authority data seen")
}
