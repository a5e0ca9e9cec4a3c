package main

import (
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"makers/maker"
)

var templates = map[string]func() *tinkpb.KeyTemplate{
	"RS256": jwt.RS256_2048_F4_Key_Template,
	"RS384": jwt.RS384_3072_F4_Key_Template,
	"RS512": jwt.RS512_4096_F4_Key_Template,
	"PS256": jwt.PS256_2048_F4_Key_Template,
	"PS384": jwt.PS384_3072_F4_Key_Template,
	"PS512": jwt.PS512_4096_F4_Key_Template,
	"ES256": jwt.ES256Template,
	"ES384": jwt.ES384Template,
	"ES512": jwt.ES512Template,
}

func main() {
	maker.Run(func(alg string, claims maker.Claims) (string, string) {
		key := maker.Must(keyset.NewHandle(templates[alg]()))
		raw := maker.Must(jwt.NewRawJWT(&jwt.RawJWTOptions{
			Issuer:    &claims.Issuer,
			Audience:  &claims.Audience,
			Subject:   &claims.Subject,
			IssuedAt:  &claims.IssuedAt,
			ExpiresAt: &claims.Expires,
		}))
		token := maker.Must(maker.Must(jwt.NewSigner(key)).SignAndEncode(raw))
		set := maker.Must(jwt.JWKSetFromPublicKeysetHandle(maker.Must(key.Public())))
		return string(set), token
	})
}
