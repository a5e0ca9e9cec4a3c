package main

import (
	"github.com/dvsekhvalnov/jose2go"
	"makers/maker"
)

func main() {
	maker.Run(func(alg string, claims maker.Claims) (string, string) {
		// It leaves keys to the standard library, and knows no JWK.
		key := maker.Generate(alg)
		return maker.PublicPEM(key), maker.Must(jose.Sign(string(claims.JSON()), alg, key))
	})
}
