package main

import (
	"encoding/json"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"makers/maker"
)

func main() {
	maker.Run(func(alg string, claims maker.Claims) (string, string) {
		// It leaves keys to the standard library.
		key := maker.Generate(alg)
		signer := maker.Must(jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, nil))
		token := maker.Must(jwt.Signed(signer).Claims(jwt.Claims{
			Issuer:   claims.Issuer,
			Audience: jwt.Audience{claims.Audience},
			Subject:  claims.Subject,
			IssuedAt: jwt.NewNumericDate(claims.IssuedAt),
			Expiry:   jwt.NewNumericDate(claims.Expires),
		}).Serialize())
		set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public()}}}
		return string(maker.Must(json.Marshal(set))), token
	})
}
