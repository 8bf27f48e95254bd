// Package thirdparty tries the packages of this module beside real third-party packages
// for Django, on a site with one of them at a time. docs/works-with.md says what its
// tests hold.
package thirdparty
