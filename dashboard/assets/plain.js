// How names are compared when somebody looks for one: without diacritics, case and space around.
export const plain = (text) => text.trim().toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
