// Choices that a browser remembers. One that keeps nothing (private windows may not) has them until the page closes.

export function kept(name, otherwise) {
  try {
    return localStorage.getItem(`hanoi-${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`hanoi-${name}`, value);
  } catch {
    // then only this page knows
  }
}
