# ruby-jwt, with keys of OpenSSL.
require 'json'
require 'jwt'

CURVES = { 'ES256' => 'prime256v1', 'ES384' => 'secp384r1', 'ES512' => 'secp521r1' }.freeze

issuer, audience, subject, *algorithms = ARGV
algorithms.each do |alg|
  key = CURVES.key?(alg) ? OpenSSL::PKey::EC.generate(CURVES[alg]) : OpenSSL::PKey::RSA.generate(2048)
  now = Time.now.to_i
  claims = { iss: "#{issuer}/#{alg}", aud: audience, sub: subject, iat: now, exp: now + 600 }
  keys = { keys: [JWT::JWK.new(key).export] }
  puts JSON.generate(keys: JSON.generate(keys), token: JWT.encode(claims, key, alg))
end
