// Package maker is what all makers in Go share: which tokens are asked for, and how they are handed back.
package maker

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"time"
)

// Claims of the token that is asked for.
type Claims struct {
	Issuer, Audience, Subject string
	IssuedAt, Expires         time.Time
}

// Run calls make for each algorithm of the command line; it returns the published keys, as text, and a token. The issuer is the
// first word with the algorithm behind it.
func Run(make func(alg string, claims Claims) (keys, token string)) {
	for _, alg := range os.Args[4:] {
		now := time.Now()
		keys, token := make(alg, Claims{os.Args[1] + "/" + alg, os.Args[2], os.Args[3], now, now.Add(10 * time.Minute)})
		Must(0, json.NewEncoder(os.Stdout).Encode(map[string]string{"keys": keys, "token": token}))
	}
}

// Must ends the program when there is an error.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Generate is for libraries that leave keys to the standard library.
func Generate(alg string) crypto.Signer {
	switch {
	case alg == "ES256":
		return Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case alg == "ES384":
		return Must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	case alg == "ES512":
		return Must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	case strings.HasPrefix(alg, "Ed"):
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return Must(key, err)
	default:
		return Must(rsa.GenerateKey(rand.Reader, 2048))
	}
}

// PublicPEM is for libraries that know no JWK.
func PublicPEM(key crypto.Signer) string {
	der := Must(x509.MarshalPKIXPublicKey(key.Public()))
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// JSON of the claims, for libraries that sign text.
func (claims Claims) JSON() []byte {
	return Must(json.Marshal(map[string]any{
		"iss": claims.Issuer,
		"aud": claims.Audience,
		"sub": claims.Subject,
		"iat": claims.IssuedAt.Unix(),
		"exp": claims.Expires.Unix(),
	}))
}
