package main

import (
	"encoding/json"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"makers/maker"
)

func main() {
	maker.Run(func(alg string, claims maker.Claims) (string, string) {
		// It leaves keys to the standard library.
		key := maker.Must(jwk.Import(maker.Generate(alg)))
		maker.Must(0, jwk.AssignKeyID(key))
		token := maker.Must(jwt.NewBuilder().
			Issuer(claims.Issuer).
			Audience([]string{claims.Audience}).
			Subject(claims.Subject).
			IssuedAt(claims.IssuedAt).
			Expiration(claims.Expires).
			Build())
		algorithm, _ := jwa.LookupSignatureAlgorithm(alg)
		signed := maker.Must(jwt.Sign(token, jwt.WithKey(algorithm, key)))
		set := jwk.NewSet()
		maker.Must(0, set.AddKey(key))
		return string(maker.Must(json.Marshal(maker.Must(jwk.PublicSetOf(set))))), string(signed)
	})
}
