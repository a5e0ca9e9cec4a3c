package main

import (
	"github.com/kataras/jwt"
	"makers/maker"
)

var algorithms = map[string]jwt.Alg{
	"RS256": jwt.RS256, "RS384": jwt.RS384, "RS512": jwt.RS512,
	"PS256": jwt.PS256, "PS384": jwt.PS384, "PS512": jwt.PS512,
	"ES256": jwt.ES256, "ES384": jwt.ES384, "ES512": jwt.ES512,
	"EdDSA": jwt.EdDSA,
}

func main() {
	maker.Run(func(alg string, claims maker.Claims) (string, string) {
		// It leaves keys to the standard library, and knows no JWK.
		key := maker.Generate(alg)
		token := maker.Must(jwt.Sign(algorithms[alg], key, jwt.Claims{
			Issuer:   claims.Issuer,
			Audience: jwt.Audience{claims.Audience},
			Subject:  claims.Subject,
			IssuedAt: claims.IssuedAt.Unix(),
			Expiry:   claims.Expires.Unix(),
		}))
		return maker.PublicPEM(key), string(token)
	})
}
