# Crypt::JWT, with keys of CryptX.
use strict;
use warnings;

use Crypt::JWT qw(encode_jwt);
use Crypt::PK::ECC;
use Crypt::PK::Ed25519;
use Crypt::PK::RSA;
use JSON qw(encode_json);

my ($issuer, $audience, $subject, @algorithms) = @ARGV;
my %curves = (ES256 => 'secp256r1', ES384 => 'secp384r1', ES512 => 'secp521r1');
for my $alg (@algorithms) {
  my $key;
  if (my $curve = $curves{$alg}) {
    $key = Crypt::PK::ECC->new;
    $key->generate_key($curve);
  } elsif ($alg eq 'EdDSA') {
    $key = Crypt::PK::Ed25519->new;
    $key->generate_key;
  } else {
    $key = Crypt::PK::RSA->new;
    $key->generate_key(256);
  }
  my $token = encode_jwt(
    alg => $alg,
    key => $key,
    payload => { iss => "$issuer/$alg", aud => $audience, sub => $subject },
    auto_iat => 1,
    relative_exp => 600,
  );
  my $keys = encode_json({ keys => [$key->export_key_jwk('public', 1)] });
  print encode_json({ keys => $keys, token => $token }), "\n";
}
