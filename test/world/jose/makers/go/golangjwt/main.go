package main

import (
	"context"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"makers/maker"
)

func main() {
	maker.Run(func(alg string, claims maker.Claims) (string, string) {
		// It leaves keys to the standard library, and key sets to jwkset.
		key := maker.Generate(alg)
		token := maker.Must(jwt.NewWithClaims(jwt.GetSigningMethod(alg), jwt.RegisteredClaims{
			Issuer:    claims.Issuer,
			Audience:  jwt.ClaimStrings{claims.Audience},
			Subject:   claims.Subject,
			IssuedAt:  jwt.NewNumericDate(claims.IssuedAt),
			ExpiresAt: jwt.NewNumericDate(claims.Expires),
		}).SignedString(key))
		jwk := maker.Must(jwkset.NewJWKFromKey(key, jwkset.JWKOptions{}))
		set := jwkset.NewMemoryStorage()
		maker.Must(0, set.KeyWrite(context.Background(), jwk))
		return string(maker.Must(set.JSONPublic(context.Background()))), token
	})
}
