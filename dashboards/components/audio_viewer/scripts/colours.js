// Perceptually uniform colours (matplotlib's magma and viridis), 33 stops from low to high.

const stopsOf = (text) =>
  text.match(/.{6}/g).map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));

export const STOPS = {
  magma: stopsOf(
    "0000030303110a0722120d331c1046281159350f6a430f7550127b5d177e691c80" +
    "7621818225818f2a809c2e7fa9327cb63679c33b74d0416fdc4869e65162ee5d5d" +
    "f56a5bf9795cfb8861fd9768fea671feb57cfec488fdd295fde1a3fcf0b1fbfcbf",
  ),
  viridis: stopsOf(
    "440154460c5f47186a482273472c7b4536814240853e49893a528b365a8c32628d" +
    "2f6a8d2c728e287a8e26818e23898d20908c1e988a1e9f8821a78428ae7f32b57a" +
    "3ebc734dc26b5ec96170ce5683d34b97d83eaddc30c2df22d7e219ece41afde724",
  ),
};
